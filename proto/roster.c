#include "proto/roster.h"

#include <string.h>

#include "base/limits.h"
#include "proto/directory.h"
#include "proto/statement.h"

enum { CODES_PER_PREFIX = 10000 };

static bool is_name(const char *text)
{
    return text[0] != '\0' && strlen(text) <= TB_NAME_BYTES_MAX;
}

static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= TB_TIME_MS_MAX;
}

static bool is_key(const Tongbao__Key *key)
{
    static const uint8_t zero[TB_KEY_BYTES];
    return key != NULL && key->sign.len == TB_KEY_BYTES && key->link.len == TB_KEY_BYTES &&
           is_time(key->since_ms) && memcmp(key->sign.data, zero, TB_KEY_BYTES) != 0 &&
           memcmp(key->link.data, zero, TB_KEY_BYTES) != 0;
}

static bool check_phones(const Tongbao__Office *office, struct tb_diag *diag)
{
    for (size_t i = 0; i < office->n_phones; i++) {
        const Tongbao__Phone *phone = office->phones[i];
        if (!is_name(phone->number) || strlen(phone->label) > TB_NAME_BYTES_MAX ||
            !is_time(phone->proved_at_ms)) {
            tb_diag_set(diag, 0,
                        "office %u: telephone %zu has no number, a label or number of more "
                        "than %d bytes, or a time that is none",
                        office->code, i + 1, TB_NAME_BYTES_MAX);
            return false;
        }
    }
    return true;
}

static bool check_reads(const Tongbao__Office *office, struct tb_diag *diag)
{
    for (size_t i = 0; i < office->n_brokers; i++) {
        bool twice = false;
        for (size_t j = 0; j < i; j++) {
            twice = twice || strcmp(office->brokers[i], office->brokers[j]) == 0;
        }
        if (twice || !is_name(office->brokers[i])) {
            tb_diag_set(diag, 0,
                        "office %u: the name of broker %zu is empty, longer than %d bytes, or "
                        "there twice",
                        office->code, i + 1, TB_NAME_BYTES_MAX);
            return false;
        }
    }
    return true;
}

/* Check one office for itself. */
static bool check_office(uint32_t prefix, const Tongbao__Office *office, struct tb_diag *diag)
{
    if (office->code / CODES_PER_PREFIX != prefix) {
        tb_diag_set(diag, 0, "office %u lies outside prefix %u; list it in its own province",
                    office->code, prefix);
        return false;
    }
    if (!is_name(office->name) || !is_time(office->valid_until_ms)) {
        tb_diag_set(diag, 0,
                    "office %u: its name is empty or longer than %d bytes, or its valid_until is "
                    "no time",
                    office->code, TB_NAME_BYTES_MAX);
        return false;
    }
    if (office->n_keys > TB_OFFICE_KEYS_MAX || office->n_brokers > TB_OFFICE_BROKERS_MAX ||
        office->n_phones > TB_OFFICE_PHONES_MAX) {
        tb_diag_set(diag, 0,
                    "office %u: %zu keys, %zu brokers, %zu telephones; at most %d, %d and %d",
                    office->code, office->n_keys, office->n_brokers, office->n_phones,
                    TB_OFFICE_KEYS_MAX, TB_OFFICE_BROKERS_MAX, TB_OFFICE_PHONES_MAX);
        return false;
    }
    for (size_t i = 0; i < office->n_keys; i++) {
        if (!is_key(office->keys[i])) {
            tb_diag_set(diag, 0, "office %u: key %zu needs 32 bytes to sign, 32 to link and a time",
                        office->code, i + 1);
            return false;
        }
    }
    return check_phones(office, diag) && check_reads(office, diag);
}

static bool check_broker(const Tongbao__DirectoryBody *body, size_t at, struct tb_diag *diag)
{
    const Tongbao__Broker *broker = body->brokers[at];
    if (!is_name(broker->name)) {
        tb_diag_set(diag, 0, "broker %zu: its name is empty or longer than %d bytes", at + 1,
                    TB_NAME_BYTES_MAX);
        return false;
    }
    for (size_t i = 0; i < at; i++) {
        if (strcmp(body->brokers[i]->name, broker->name) == 0) {
            tb_diag_set(diag, 0, "broker %s is there twice", broker->name);
            return false;
        }
    }
    if (!is_key(broker->key)) {
        tb_diag_set(diag, 0, "broker %s needs a key of 32 bytes to sign, 32 to link and a time",
                    broker->name);
        return false;
    }
    bool endpoints = broker->n_endpoints > 0 && broker->n_endpoints <= TB_BROKER_ENDPOINTS_MAX;
    for (size_t i = 0; endpoints && i < broker->n_endpoints; i++) {
        endpoints = is_name(broker->endpoints[i]) &&
                    strncmp(broker->endpoints[i], "tcp://", strlen("tcp://")) == 0;
    }
    if (!endpoints) {
        tb_diag_set(diag, 0, "broker %s needs 1 to %d endpoints like tcp://192.0.2.1:7201",
                    broker->name, TB_BROKER_ENDPOINTS_MAX);
    }
    return endpoints;
}

static bool check_files(const Tongbao__DirectoryBody *body, struct tb_diag *diag)
{
    for (size_t i = 0; i < body->n_files; i++) {
        const char *name = body->files[i]->name;
        bool twice = false;
        for (size_t j = 0; j < i; j++) {
            twice = twice || strcmp(body->files[j]->name, name) == 0;
        }
        if (twice || !is_name(name)) {
            tb_diag_set(diag, 0,
                        "file %zu: its name is empty, longer than %d bytes, or there twice", i + 1,
                        TB_NAME_BYTES_MAX);
            return false;
        }
    }
    return true;
}

bool tb_roster_check(uint32_t prefix, const Tongbao__DirectoryBody *body, struct tb_diag *diag)
{
    if (strlen(body->name) > TB_NAME_BYTES_MAX || !is_time(body->issued_at_ms)) {
        tb_diag_set(diag, 0, "the directory's name is longer than %d bytes, or its time is none",
                    TB_NAME_BYTES_MAX);
        return false;
    }
    if (body->n_offices > TB_OFFICES_MAX || body->n_brokers > TB_DIRECTORY_BROKERS_MAX ||
        body->n_files > TB_DIRECTORY_FILES_MAX) {
        tb_diag_set(diag, 0, "%zu offices, %zu brokers, %zu files; at most %d, %d and %d",
                    body->n_offices, body->n_brokers, body->n_files, TB_OFFICES_MAX,
                    TB_DIRECTORY_BROKERS_MAX, TB_DIRECTORY_FILES_MAX);
        return false;
    }
    for (size_t i = 0; i < body->n_offices; i++) {
        if (!check_office(prefix, body->offices[i], diag)) {
            return false;
        }
    }
    for (size_t i = 0; i < body->n_brokers; i++) {
        if (!check_broker(body, i, diag)) {
            return false;
        }
    }
    return check_files(body, diag);
}
