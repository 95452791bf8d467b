/*
 * ELF: what the program headers of type PT_LOAD bring from the file, at their physical addresses
 * (where a programmer puts it; the virtual ones are where it runs).
 *
 * Source: Tool Interface Standard, Executable and Linking Format, version 1.2; ARM IHI 0044.
 */
#include "harness/target/image.h"
#include "harness/target/image_builder.h"

#include <gelf.h>
#include <libelf.h>

static enum status check_kind(const char *name, Elf *elf, struct error *err)
{
    GElf_Ehdr header;

    if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL) {
        return error_set(err, STATUS_FORMAT, "%s: no ELF file, or its header is cut off", name);
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_ARM) {
        return error_set(err, STATUS_FORMAT,
            "%s: must be 32 bits (1), little endian (1), ARM (40); class is %u, data %u, machine "
            "%u",
            name, (unsigned)header.e_ident[EI_CLASS], (unsigned)header.e_ident[EI_DATA],
            (unsigned)header.e_machine);
    }
    if (header.e_type != ET_EXEC) {
        return error_set(err, STATUS_FORMAT,
            "%s: must be linked for its place (type 2), type is %u", name, (unsigned)header.e_type);
    }
    return STATUS_OK;
}

static enum status take_header(struct image_builder *builder, struct bytes file, unsigned index,
    const GElf_Phdr *header, struct error *err)
{
    if (header->p_type != PT_LOAD || header->p_filesz == 0) {
        return STATUS_OK;
    }
    if (header->p_offset > file.len || header->p_filesz > file.len - header->p_offset) {
        return error_set(err, STATUS_FORMAT,
            "%s, program header %u: %llu bytes at offset %llu, the file has %zu bytes",
            builder->name, index, (unsigned long long)header->p_filesz,
            (unsigned long long)header->p_offset, file.len);
    }
    if (header->p_memsz < header->p_filesz) {
        return error_set(err, STATUS_FORMAT,
            "%s, program header %u: %llu bytes in the file and %llu in memory", builder->name,
            index, (unsigned long long)header->p_filesz, (unsigned long long)header->p_memsz);
    }
    return image_builder_add(builder, (uint32_t)header->p_paddr, file.data + header->p_offset,
        (size_t)header->p_filesz, index, err);
}

/* libelf leaves out, without a word, the headers that a file is too short for. */
static enum status count_headers(
    const char *name, struct bytes file, Elf *elf, size_t *count, struct error *err)
{
    GElf_Ehdr header;

    if (gelf_getehdr(elf, &header) == NULL) {
        return error_set(err, STATUS_FORMAT, "%s: no ELF header: %s", name, elf_errmsg(-1));
    }
    uint64_t end = header.e_phoff + (uint64_t)header.e_phnum * sizeof(Elf32_Phdr);
    if (end > file.len) {
        return error_set(err, STATUS_FORMAT,
            "%s: its program headers reach to byte %llu, the file has %zu", name,
            (unsigned long long)end, file.len);
    }
    /* the section headers are of no use here, but linkers put them last: a cut file lacks them */
    end = header.e_shoff + (uint64_t)header.e_shnum * sizeof(Elf32_Shdr);
    if (end > file.len) {
        return error_set(err, STATUS_FORMAT,
            "%s: truncated: its section headers reach to byte %llu, the file has %zu", name,
            (unsigned long long)end, file.len);
    }
    *count = header.e_phnum;
    return STATUS_OK;
}

static enum status take_headers(
    struct image_builder *builder, struct bytes file, Elf *elf, struct error *err)
{
    size_t count = 0;

    TRY(count_headers(builder->name, file, elf, &count, err));
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) == NULL) {
            return error_set(err, STATUS_FORMAT, "%s, program header %zu: cannot be read: %s",
                builder->name, i, elf_errmsg(-1));
        }
        TRY(take_header(builder, file, (unsigned)i, &header, err));
    }
    return STATUS_OK;
}

enum status image_parse_elf(
    const char *name, struct bytes file, struct image *image, struct error *err)
{
    struct image_builder builder = {.name = name, .place_name = "program header"};

    *image = (struct image){0};
    (void)elf_version(EV_CURRENT);
    Elf *elf = file.len > 0 ? elf_memory((char *)file.data, file.len) : NULL;
    if (elf == NULL) {
        return error_set(err, STATUS_FORMAT, "%s: no ELF file", name);
    }
    enum status status = check_kind(name, elf, err);
    if (status == STATUS_OK) {
        status = take_headers(&builder, file, elf, err);
    }
    if (status == STATUS_OK) {
        status = image_builder_build(&builder, image, err);
    }
    (void)elf_end(elf);
    image_builder_finish(&builder);
    return status;
}
