/**
 * Templates: text with names in braces, filled from JSON. The small part of Mustache
 * (mustache(5)) that a page needs:
 *
 *     {{name}}               the value, escaped for HTML
 *     {{{name}}}             the value as it is
 *     {{#name}} ... {{/name}}  once for each element of an array; once for true, an object or a
 *                            text that is not empty
 *     {{^name}} ... {{/name}}  when the section above would not show
 *
 * A name is looked up in the innermost element first, then outwards; "." is the element itself.
 * A section is not nested in one of its own name. A name that is nowhere is an error.
 */
#ifndef EVENKEEL_REPORTS_TEMPLATE_H
#define EVENKEEL_REPORTS_TEMPLATE_H

#include "harness/base/error.h"

#include <jansson.h>

/**
 * @param text (out) the caller frees; NULL on failure
 * @retval STATUS_FORMAT a section that does not close, a name that is nowhere
 */
enum status template_render(
    const char *template_text, const json_t *values, char **text, struct error *err);

#endif
