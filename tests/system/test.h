#ifndef TB_TEST_H
#define TB_TEST_H

/*
 * test - what every program of the system tests includes.
 *
 * 宁武 140925 lies on the upper Fen: its water goes to 静乐 140926 in the same
 * city, 忻州 140900, and the province 140000 hears everything. It is the
 * smallest real route and the one of the tests that are not about rivers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/system/child.h"
#include "tests/system/desk.h"
#include "tests/system/store.h"
#include "tests/system/tree.h"
#include "tests/system/world.h"

#define TB_TEST_UP       "140925"
#define TB_TEST_DOWN     "140926"
#define TB_TEST_CITY     "140900"
#define TB_TEST_PROVINCE "140000"
#define TB_TEST_RIVER    "汾河"

/* The rows of the four offices, all reading at ${brokers}. */
#define TB_TEST_OFFICES(brokers)                                                                   \
    {TB_TEST_UP, "忻州市生态环境局宁武分局", brokers, false, false},                               \
        {TB_TEST_DOWN, "忻州市生态环境局静乐分局", brokers, false, false},                         \
        {TB_TEST_CITY, "忻州市生态环境局", brokers, false, false},                                 \
    {                                                                                              \
        TB_TEST_PROVINCE, "山西省生态环境厅", brokers, false, false                                \
    }

enum { TB_TEST_SOON_MS = 5000, TB_TEST_LATE_MS = 30000 };

#endif
