#include "tests/torture/hunger.h"

#include <errno.h>
#include <stdlib.h>

/* What glibc offers to those who put their own in place of malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static _Thread_local bool counting;
static _Thread_local size_t counted;
static _Thread_local size_t fatal;
static _Thread_local bool refused;

void hunger_begin(size_t nth)
{
    counted = 0;
    fatal = nth;
    refused = false;
    counting = true;
}

void hunger_end(void)
{
    counting = false;
}

void hunger_rest(void)
{
    counting = false;
}

void hunger_resume(void)
{
    counting = true;
}

size_t hunger_count(void)
{
    return counted;
}

bool hunger_failed(void)
{
    return refused;
}

/* True when this one is to fail. */
static bool refuse(void)
{
    if (!counting) {
        return false;
    }
    counted++;
    if (counted != fatal) {
        return false;
    }
    refused = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return refuse() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return refuse() ? NULL : __libc_realloc(old, size);
}
