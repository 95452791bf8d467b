/**
 * Size and stack of an image against its budget.
 *
 *     budget SECTIONS INDIRECT CALLGRAPH.ci ...
 *
 * SECTIONS is the output of "size -A"; the .ci files are gcc's -fcallgraph-info=su. The stack is
 * the deepest path from reset_handler plus the deepest interrupt plus NMI (interrupts share one
 * priority, so they do not nest). A call through a pointer is taken as the deepest function of the
 * source file INDIRECT, where the port's functions live; library code counts EXTERNAL_LEN.
 * Prints "name value budget" lines; fails over budget, on recursion and on unbounded frames.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODE_MAX = 512,
    EDGE_MAX = 4096,
    NAME_MAX_LEN = 128,
    LINE_MAX_LEN = 1024,
    EXTERNAL_LEN = 64,  /* libgcc's floats and divisions stay below */
    EXCEPTION_LEN = 36, /* eight words and up to one of alignment */
    FLASH_BUDGET = 58 * 2048,
    RAM_BUDGET = 32 * 1024
};

struct node {
    char name[NAME_MAX_LEN];
    int own_len; /* of its frame; -1: not defined in any file */
    int deepest_len;
    int deepest_callee;
    bool is_visiting, is_done, is_indirect_target;
};

struct edge {
    int from, to;
};

struct graph {
    struct node nodes[NODE_MAX];
    struct edge edges[EDGE_MAX];
    int node_count, edge_count;
    bool is_broken;
};

static int find_node(struct graph *graph, const char *name)
{
    for (int i = 0; i < graph->node_count; i++) {
        if (strcmp(graph->nodes[i].name, name) == 0) {
            return i;
        }
    }
    if (graph->node_count == NODE_MAX) {
        (void)fprintf(stderr, "budget: more than %d functions\n", NODE_MAX);
        exit(1);
    }
    struct node *node = &graph->nodes[graph->node_count];
    *node = (struct node){.own_len = -1, .deepest_callee = -1};
    (void)snprintf(node->name, sizeof node->name, "%s", name);
    return graph->node_count++;
}

/** The quoted text after @p key into @p text. */
static bool quoted(const char *line, const char *key, char *text, size_t text_len)
{
    const char *begin = strstr(line, key);

    if (begin == NULL || (begin = strchr(begin, '"')) == NULL) {
        return false;
    }
    const char *end = strchr(begin + 1, '"');
    if (end == NULL) {
        return false;
    }
    (void)snprintf(text, text_len, "%.*s", (int)(end - begin - 1), begin + 1);
    return true;
}

static void take_node(struct graph *graph, const char *line, const char *indirect)
{
    char title[NAME_MAX_LEN];
    char label[LINE_MAX_LEN];

    if (!quoted(line, "title:", title, sizeof title) ||
        !quoted(line, "label:", label, sizeof label)) {
        return;
    }
    int index = find_node(graph, title);
    const char *size = strstr(label, " bytes (");
    if (size == NULL) {
        return; /* named here, defined elsewhere */
    }
    while (size > label && size[-1] >= '0' && size[-1] <= '9') {
        size--;
    }
    graph->nodes[index].own_len = atoi(size);
    graph->nodes[index].is_indirect_target = strstr(label, indirect) != NULL;
    if (strstr(label, "(dynamic)") != NULL) {
        (void)fprintf(stderr, "budget: %s has a frame without bound\n", title);
        graph->is_broken = true;
    }
}

static void take_edge(struct graph *graph, const char *line)
{
    char from[NAME_MAX_LEN];
    char to[NAME_MAX_LEN];

    if (!quoted(line, "sourcename:", from, sizeof from) ||
        !quoted(line, "targetname:", to, sizeof to) || graph->edge_count == EDGE_MAX) {
        return;
    }
    graph->edges[graph->edge_count].from = find_node(graph, from);
    graph->edges[graph->edge_count].to = find_node(graph, to);
    graph->edge_count++;
}

static void load_calls(struct graph *graph, const char *path, const char *indirect)
{
    char line[LINE_MAX_LEN];
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        (void)fprintf(stderr, "budget: %s cannot be opened\n", path);
        graph->is_broken = true;
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "node:", 5) == 0) {
            take_node(graph, line, indirect);
        } else if (strncmp(line, "edge:", 5) == 0) {
            take_edge(graph, line);
        }
    }
    (void)fclose(file);
}

/** Whatever can be called through a pointer hangs below the node of indirect calls. */
static void add_indirect_calls(struct graph *graph)
{
    int indirect = find_node(graph, "__indirect_call");

    graph->nodes[indirect].own_len = 0;
    for (int i = 0; i < graph->node_count && graph->edge_count < EDGE_MAX; i++) {
        if (graph->nodes[i].is_indirect_target) {
            graph->edges[graph->edge_count++] = (struct edge){.from = indirect, .to = i};
        }
    }
}

static int deepest(struct graph *graph, int index)
{
    struct node *node = &graph->nodes[index];

    if (node->is_done) {
        return node->deepest_len;
    }
    if (node->is_visiting) {
        (void)fprintf(stderr, "budget: %s calls itself\n", node->name);
        graph->is_broken = true;
        return 0;
    }
    node->is_visiting = true;
    int below_len = 0;
    for (int i = 0; i < graph->edge_count; i++) {
        if (graph->edges[i].from != index) {
            continue;
        }
        int len = deepest(graph, graph->edges[i].to);
        if (len > below_len) {
            below_len = len;
            node->deepest_callee = graph->edges[i].to;
        }
    }
    node->deepest_len = (node->own_len >= 0 ? node->own_len : EXTERNAL_LEN) + below_len;
    node->is_visiting = false;
    node->is_done = true;
    return node->deepest_len;
}

static int deepest_of(struct graph *graph, const char *name)
{
    int index = find_node(graph, name);

    if (graph->nodes[index].own_len < 0) {
        (void)fprintf(stderr, "budget: %s is not in the call graph\n", name);
        graph->is_broken = true;
    }
    return deepest(graph, index);
}

static int section_len(const char *path, const char *wanted)
{
    char line[LINE_MAX_LEN];
    char name[NAME_MAX_LEN];
    int len = 0;
    int found_len = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%127s %d", name, &len) == 2 && strcmp(name, wanted) == 0) {
            found_len = len;
        }
    }
    (void)fclose(file);
    return found_len;
}

static bool print_line(const char *name, int value, int budget)
{
    printf("%s %d %d\n", name, value, budget);
    return value <= budget;
}

static void print_path(const struct graph *graph, int index)
{
    for (; index >= 0; index = graph->nodes[index].deepest_callee) {
        printf("path %4d %s\n", graph->nodes[index].own_len, graph->nodes[index].name);
    }
}

int main(int argc, char **argv)
{
    static struct graph graph;

    if (argc < 4) {
        (void)fprintf(stderr, "usage: budget SECTIONS INDIRECT CALLGRAPH.ci ...\n");
        return 1;
    }
    for (int i = 3; i < argc; i++) {
        load_calls(&graph, argv[i], argv[2]);
    }
    add_indirect_calls(&graph);

    int tick_len = deepest_of(&graph, "clock_tick_isr");
    int serial_len = deepest_of(&graph, "serial_isr");
    int stack_len = deepest_of(&graph, "reset_handler") + deepest_of(&graph, "nmi_handler") +
                    (tick_len > serial_len ? tick_len : serial_len) + 2 * EXCEPTION_LEN;
    int data_len = section_len(argv[1], ".data");
    int flash_len = section_len(argv[1], ".vectors") + section_len(argv[1], ".image_header") +
                    section_len(argv[1], ".text") + data_len;
    int stack_budget = section_len(argv[1], ".stack");

    bool is_good = print_line("flash_len", flash_len, FLASH_BUDGET);
    is_good &=
        print_line("ram_len", data_len + section_len(argv[1], ".bss") + stack_budget, RAM_BUDGET);
    is_good &= print_line("stack_len", stack_len, stack_budget);
    print_path(&graph, find_node(&graph, "reset_handler"));
    if (!is_good) {
        (void)fprintf(stderr, "budget: over budget, see above\n");
    }
    return is_good && !graph.is_broken ? 0 : 1;
}
