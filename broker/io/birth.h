#ifndef TB_BIRTH_H
#define TB_BIRTH_H

#include "broker/io/settings.h"

/*
 * birth - `tongbao-broker --init`: a new broker's data folder and its two keys.
 *
 * Writes to standard output what its province puts into the directory:
 * {"name": …, "sign": <64 hex digits>, "link": <64 hex digits>}. Nothing is
 * ever overwritten: TB_CONFLICT when a key file is there already, with no
 * other file left half made. Other statuses as base/io/files.h, with ${diag}.
 */
enum tb_status tb_birth(const struct tb_settings *settings, struct tb_diag *diag) TB_MUST_USE;

#endif
