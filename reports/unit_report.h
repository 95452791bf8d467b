/**
 * The report of one run as one HTML page: no outside resources, for the screen and for A4.
 *
 * What stands on it comes from store_run_json() alone, and every text of it is escaped. On a
 * virtual bench a band says so at the head of every printed page.
 */
#ifndef EVENKEEL_REPORTS_UNIT_REPORT_H
#define EVENKEEL_REPORTS_UNIT_REPORT_H

#include "harness/base/error.h"

/**
 * @param run_json of store_run_json()
 * @param html     (out) the caller frees; NULL on failure
 * @retval STATUS_FORMAT @p run_json is not the JSON of a run
 */
enum status report_render_html(const char *run_json, char **html, struct error *err);

#endif
