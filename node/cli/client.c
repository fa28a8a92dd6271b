#include "node/cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/io/random.h"
#include "node/cli/pick.h"
#include "node/cli/sentences.h"
#include "node/cli/tell.h"

enum {
    URL_BYTES_MAX = TB_CLIENT_PATH_BYTES_MAX + 32,
    HEADER_BYTES_MAX = 256,
    SENTENCE_BYTES_MAX = 1024,
};

bool tb_client_open(struct tb_client *client, const struct tb_home *home)
{
    *client = (struct tb_client){.socket = home->socket};
    if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
        return false;
    }
    client->curl = curl_easy_init();
    return client->curl != NULL;
}

void tb_client_close(struct tb_client *client)
{
    if (client->curl != NULL) {
        curl_easy_cleanup(client->curl);
        curl_global_cleanup();
        client->curl = NULL;
    }
}

enum tb_status tb_client_path_add(char out[TB_CLIENT_PATH_BYTES_MAX], const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t at = strlen(out);
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
        bool plain = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z') ||
                     (*byte >= '0' && *byte <= '9') || strchr("-_.~", *byte) != NULL;
        if (at + 4 > TB_CLIENT_PATH_BYTES_MAX) {
            return TB_TOOBIG;
        }
        if (plain) {
            out[at++] = (char)*byte;
        } else {
            out[at++] = '%';
            out[at++] = hex[*byte >> 4];
            out[at++] = hex[*byte & 15];
        }
        out[at] = '\0';
    }
    return TB_OK;
}

static size_t collect(char *data, size_t size, size_t count, void *context)
{
    struct tb_buf *buf = context;
    struct tb_bytes bytes = tb_bytes_of(data, size * count);
    return tb_buf_add(buf, bytes) == TB_OK ? bytes.size : 0;
}

/* What every call over the socket has in common. */
static void prepare(struct tb_client *client, const char *path)
{
    char url[URL_BYTES_MAX];
    snprintf(url, sizeof url, "http://localhost%s", path);
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, (long)TB_CLIENT_CONNECT_S);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, (long)TB_CLIENT_ANSWER_S);
}

static struct curl_slist *header(struct curl_slist *list, const char *name, const char *value)
{
    char line[HEADER_BYTES_MAX];
    int size = snprintf(line, sizeof line, "%s: %s", name, value);
    tb_assert(size > 0);
    tb_assert((size_t)size < sizeof line);
    struct curl_slist *longer = curl_slist_append(list, line);
    tb_assert(longer != NULL);
    return longer;
}

static void pause_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* The connection broke, or broke before and the node is not back yet. */
static bool worth_another(CURLcode code, bool *broke)
{
    if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING ||
        code == CURLE_PARTIAL_FILE) {
        *broke = true;
        return true;
    }
    return code == CURLE_COULDNT_CONNECT && *broke;
}

static void perform(struct tb_client *client, struct tb_answer *answer)
{
    struct tb_buf buf;
    tb_buf_init(&buf, TB_CLIENT_ANSWER_BYTES_MAX);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &buf);
    CURLcode code = CURLE_OK;
    for (int i = 0; i < TB_CLIENT_TRIES; i++) {
        tb_buf_cut(&buf, 0);
        code = curl_easy_perform(client->curl);
        if (!worth_another(code, &answer->broke)) {
            break;
        }
        pause_ms(TB_CLIENT_PAUSE_MS);
    }
    answer->broke = answer->broke || code == CURLE_OPERATION_TIMEDOUT;
    answer->reached = code == CURLE_OK;
    if (answer->reached) {
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->http);
        if (buf.size > 0) {
            answer->json = json_loadb((const char *)buf.data, buf.size, 0, NULL);
        }
    }
    tb_buf_fini(&buf);
}

static struct curl_slist *common_headers(const struct tb_client *client)
{
    /* Without this libcurl would wait for "100 Continue" before a long body. */
    struct curl_slist *headers = header(NULL, "Expect", "");
    if (client->token[0] != '\0') {
        char bearer[TB_SESSION_TOKEN_BYTES_MAX + 16];
        snprintf(bearer, sizeof bearer, "Bearer %s", client->token);
        headers = header(headers, "Authorization", bearer);
    }
    return headers;
}

void tb_client_get(struct tb_client *client, const char *path, struct tb_answer *answer)
{
    *answer = (struct tb_answer){.json = NULL};
    prepare(client, path);
    struct curl_slist *headers = common_headers(client);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    perform(client, answer);
    curl_slist_free_all(headers);
}

void tb_client_change(struct tb_client *client, const char *method, const char *path,
                      const char *type, struct tb_bytes body, struct tb_answer *answer)
{
    *answer = (struct tb_answer){.json = NULL};
    if (client->request_id[0] == '\0') {
        uint8_t drawn[TB_CLIENT_REQUEST_ID_CHARS / 2];
        tb_random_fill(drawn, sizeof drawn);
        tb_hex(client->request_id, tb_bytes_of(drawn, sizeof drawn));
    }
    prepare(client, path);
    struct curl_slist *headers = common_headers(client);
    headers = header(headers, "Request-Id", client->request_id);
    headers = header(headers, "Content-Type", type);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)body.size);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS,
                     body.size > 0 ? (const char *)body.data : "");
    perform(client, answer);
    curl_slist_free_all(headers);
}

void tb_answer_fini(struct tb_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
}

bool tb_answer_good(const struct tb_answer *answer)
{
    return answer->reached && answer->http >= 200 && answer->http < 300;
}

static int unreachable(const struct tb_client *client, const struct tb_answer *answer)
{
    if (answer->broke) {
        (void)tb_tell_refused(_("the node stopped answering on %s; whether it acted is not known"),
                              client->socket);
        if (client->request_id[0] != '\0') {
            fprintf(stderr,
                    _("Repeat the same command with --request-id %s: it acts once, however often "
                      "it is asked.\n"),
                    client->request_id);
        }
    } else {
        (void)tb_tell_refused(_("no node answers on %s"), client->socket);
        fputs(_("Is it running? Start it with: systemctl start tongbao-node, or: tongbao-node "
                "--config FILE\n"),
              stderr);
    }
    return TB_EXIT_UNREACHABLE;
}

int tb_answer_refused(const struct tb_client *client, const struct tb_answer *answer,
                      const char *file)
{
    if (!answer->reached) {
        return unreachable(client, answer);
    }
    const json_t *error = tb_pick_object(answer->json, "error");
    const char *text = tb_pick_text(error, "text");
    const char *field = tb_pick_text(error, "field");
    int64_t line = tb_pick_int(error, "line");
    char place[256] = "";
    if (file != NULL && line > 0) {
        snprintf(place, sizeof place, "%s:%lld: ", file, (long long)line);
    }
    if (text[0] == '\0') {
        return tb_tell_refused(_("the node answered with HTTP status %ld and no reason"),
                               answer->http);
    }
    bool named = field[0] != '\0' && strstr(text, field) == NULL;
    char sentence[SENTENCE_BYTES_MAX];
    tb_sentences_translate(sentence, sizeof sentence, text);
    (void)tb_tell_refused("%s%s%s%s", place, named ? field : "", named ? ": " : "", sentence);
    /* A session that has run out; without a token it is the password that was wrong. */
    if (strcmp(tb_pick_text(error, "status"), "session") == 0 && client->token[0] != '\0') {
        fputs(_("Open a duty session first: tongbao duty open --officer NAME\n"), stderr);
    }
    return TB_EXIT_REFUSED;
}

/* ------------------------------------------------------------- the stream */

enum { LINE_BYTES_MAX = 64 * 1024, STALLED_S = 45 };

struct stream {
    struct tb_buf line;
    struct tb_buf data;
    char kind[64];
    char *last_id;
    tb_client_each *each;
    void *context;
    bool ended;
};

/* An empty line ends an event: give it to the caller. */
static void dispatch(struct stream *stream)
{
    if (stream->data.size > 0) {
        json_t *data = json_loadb((const char *)stream->data.data, stream->data.size, 0, NULL);
        const struct tb_stream_event event = {
            .id = stream->last_id, .kind = stream->kind, .data = data};
        stream->ended = !stream->each(stream->context, &event);
        json_decref(data);
    }
    tb_buf_cut(&stream->data, 0);
    stream->kind[0] = '\0';
}

/* One line of the format of server-sent events; comments begin with ':'. */
static bool take_line(struct stream *stream, char *line)
{
    char *colon = strchr(line, ':');
    if (line[0] == '\0') {
        dispatch(stream);
        return true;
    }
    if (colon == NULL || colon == line) {
        return true;
    }
    *colon = '\0';
    const char *value = colon + 1 + (colon[1] == ' ' ? 1 : 0);
    if (strcmp(line, "id") == 0) {
        snprintf(stream->last_id, 32, "%s", value);
    } else if (strcmp(line, "event") == 0) {
        snprintf(stream->kind, sizeof stream->kind, "%s", value);
    } else if (strcmp(line, "data") == 0) {
        return tb_buf_add(&stream->data, tb_bytes_text(value)) == TB_OK;
    }
    return true;
}

static size_t follow(char *data, size_t size, size_t count, void *context)
{
    struct stream *stream = context;
    size_t total = size * count;
    for (size_t i = 0; i < total && !stream->ended; i++) {
        if (data[i] == '\r') {
            continue;
        }
        char byte = data[i] == '\n' ? '\0' : data[i];
        if (tb_buf_add(&stream->line, tb_bytes_of(&byte, 1)) != TB_OK) {
            return 0;
        }
        if (byte == '\0') {
            if (!take_line(stream, (char *)stream->line.data)) {
                return 0;
            }
            tb_buf_cut(&stream->line, 0);
        }
    }
    return stream->ended ? 0 : total;
}

bool tb_client_stream(struct tb_client *client, const char *path, char last_id[32],
                      tb_client_each *each, void *context, bool *ended)
{
    struct stream stream = {.last_id = last_id, .each = each, .context = context};
    tb_buf_init(&stream.line, LINE_BYTES_MAX);
    tb_buf_init(&stream.data, LINE_BYTES_MAX);
    prepare(client, path);
    struct curl_slist *headers = header(common_headers(client), "Accept", "text/event-stream");
    if (last_id[0] != '\0') {
        headers = header(headers, "Last-Event-ID", last_id);
    }
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 0L);
    /* The node sends a comment every 15 s: three missing ones are a dead line. */
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, (long)STALLED_S);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, follow);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &stream);
    (void)curl_easy_perform(client->curl);
    long http = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http);
    curl_slist_free_all(headers);
    tb_buf_fini(&stream.line);
    tb_buf_fini(&stream.data);
    *ended = stream.ended;
    return http == 200;
}
