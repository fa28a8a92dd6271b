#ifndef TB_DESK_H
#define TB_DESK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/system/world.h"

/*
 * desk - an officer's hands at a running office, through its HTTP API.
 *
 * Everything goes over the office's Unix socket, as the command line and the
 * console do it. JSON answers are owned by the caller.
 */
enum { TB_DESK_ID_CHARS = 65, TB_DESK_WAIT_MS = 20000 };

#define TB_DESK_OFFICER  "张值班"
#define TB_DESK_PASSWORD "well-water-18"

/* True when the office answers, stands in a directory, has every link up. */
bool tb_desk_answers(struct tb_place *place);
bool tb_desk_in_directory(struct tb_place *place);
bool tb_desk_linked(struct tb_place *place);

/*
 * One call. ${body} may be NULL and is borrowed; ${request} is the Request-Id of
 * a changing call, NULL for a reading one. Returns the HTTP status, 0 when the
 * office could not be reached or died before it answered; then *${answer} is
 * NULL. ${answer} may be NULL.
 */
long tb_desk_call(struct tb_world *world, const char *office, const char *method, const char *path,
                  const json_t *body, const char *request, json_t **answer);
/* A reading call that must be answered with 200. */
json_t *tb_desk_get(struct tb_world *world, const char *office, const char *path);
/* One number of GET /v1/status. */
json_int_t tb_desk_status(struct tb_world *world, const char *office, const char *key);
/* A request id that was not used before. */
const char *tb_desk_request(void);

/* Make sure that the officer exists and is on duty here; his token is kept. */
void tb_desk_duty(struct tb_world *world, const char *office);

/* What POST /v1/notices takes: a first notice on ${river} ("" not known), as
 * ${world_name} "actual", "exercise" or "test". */
json_t *tb_desk_first(const char *world_name, const char *river, const char *title);

/* Issue ${body} (consumed) and write its id; fails the test if it is refused. */
void tb_desk_issue(struct tb_world *world, const char *office, json_t *body,
                   char id[TB_DESK_ID_CHARS]);
/* The same with a first notice of the actual world on ${river}. */
void tb_desk_issue_first(struct tb_world *world, const char *office, const char *river,
                         char id[TB_DESK_ID_CHARS]);
/* The officer on duty acknowledges; returns the HTTP status. */
long tb_desk_acknowledge(struct tb_world *world, const char *office, const char *id);

/* What an office knows of a notice; NULL when it does not have it. */
json_t *tb_desk_notice(struct tb_world *world, const char *office, const char *id);
bool tb_desk_has(struct tb_world *world, const char *office, const char *id);
/* The state of the delivery of ${id} to ${to}, as ${at} sees it; "" when there is none.
 * One static buffer each of the last four calls. */
const char *tb_desk_state(struct tb_world *world, const char *at, const char *id, const char *to);
bool tb_desk_state_is(struct tb_world *world, const char *at, const char *id, const char *to,
                      const char *state);
/* Every delivery of ${id} that ${at} sees is held or acknowledged; those outside
 * the net are neither owed nor held. */
bool tb_desk_held_by_all(struct tb_world *world, const char *at, const char *id);
/* The time text of a delivery's ${key} (held_at, acknowledged_at); "" without. */
const char *tb_desk_time(struct tb_world *world, const char *at, const char *id, const char *to,
                         const char *key);

/* The numbered event stream of an office from its beginning: a list of objects
 * {n, kind, id, subject, …}; and how many of ${kind} have the id (NULL: any). */
json_t *tb_desk_stream(struct tb_world *world, const char *office);
size_t tb_desk_shown(struct tb_world *world, const char *office, const char *kind, const char *id);
/* Fails the test unless each of the ${count} notices is shown exactly once. */
void tb_desk_shown_once(struct tb_world *world, const char *office, char (*ids)[TB_DESK_ID_CHARS],
                        size_t count);

#endif
