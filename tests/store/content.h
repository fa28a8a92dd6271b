#ifndef TB_STORE_CONTENT_H
#define TB_STORE_CONTENT_H

#include <stdbool.h>

#include "base/db.h"
#include "base/bytes.h"

/*
 * content - what a store says, whatever its pages look like: a digest over its
 * versions, its schema and every value of every row. Equal content, equal digest.
 */
void content_digest(struct sqlite3 *handle, struct tb_id *digest);

/* PRAGMA integrity_check says ok. Prints what it says otherwise. */
bool content_sound(struct sqlite3 *handle);

/* True while the digest is made: its own statements are not the product's. */
bool content_reading(void);

#endif
