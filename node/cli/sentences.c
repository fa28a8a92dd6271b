#include "node/cli/sentences.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/cli/tell.h"

enum { HOLES_MAX = 8 };

static const char *const patterns[] = {
    /* The node's desk. */
    N_("no such notice is here"),
    N_("the level is received, assessed or acted"),
    N_("this office issued the notice itself: nothing to acknowledge"),
    N_("the note is too long or is not text"),
    N_("a call names an office by its six digits, a person and a number of at most %s bytes, and a "
       "time"),
    N_("the notice that this one continues is not here: look for it in `tongbao list`"),
    N_("actual, exercise and test are never mixed: issue it in the world of the notice that it "
       "continues"),
    N_("only the office that issued a notice continues it: issue a first notice or an inquiry of "
       "your own"),
    N_("say which notice this one continues, by its number or id"),
    N_("%s is no office: six digits of GB/T 2260"),
    N_("a notice has at most %s recipients"),
    N_("the notice is too long: shorten its texts or lists"),
    N_("a field of the notice is not text, or a time out of range"),
    N_("no open duty session: open one with `tongbao duty open`"),
    N_("a duty session lasts 1 to %s hours"),
    N_("no such officer is active here"),
    N_("an officer has a name, and may have a number, of one line and less than %s bytes each"),
    N_("a newer directory is in force"),
    N_("another directory of this version is in force: ask the province"),
    N_("a request id of 1 to %s bytes is needed"),
    N_("names have at most %s bytes, evidence at most %s pieces of 20 MiB, each with its digest of "
       "32 bytes, and times lie in 1970 to 9999"),
    N_("the measure is authoritative_information, press_conference or response"),
    N_("the state is proposed, decided, published or updated"),
    N_("only the office that issued the notice, its city and its province enter its disclosures: "
       "tell them by telephone"),
    N_("without evidence nothing is published: add the text, a clipping or a picture of what was "
       "published (--evidence FILE), or enter it as proposed or decided"),
    N_("the duty is report_own_government, report_superior, report_province, report_ministry, "
       "propose_neighbour_government or opinion_known"),
    N_("say to whom it was reported or proposed"),
    N_("recorded without evidence: it meets no time limit until a deed with evidence is entered"),
    /* Its API. */
    N_("several notices are called \"%s\": name one by the first hex digits of its id"),
    N_("no notice here is called \"%s\""),
    N_("several notices have this number: write the first hex digits of the id"),
    N_("no notice here is called so"),
    N_("a test is running already, or the command cannot be started"),
    N_("no alarm command is configured: set [alarm] command"),
    N_("the program is stopping: ask again, with the same Request-Id"),
    N_("the notice is too long for one envelope"),
    N_("no such officer, or the password is wrong"),
    N_("too many wrong passwords: wait a minute"),
    N_("send the token of the session to be closed"),
    N_("a password has %s to %s bytes"),
    N_("there are %s streams already"),
    N_("the body is over the limit of 256 KiB (a directory: 4 MiB)"),
    N_("store rolled back or copied"),
    N_("store restored"),
    /* Mistakes in a notice. */
    N_("is not a key here: did you mean \"%s\"?"),
    N_("is not a key here; the keys are %s"),
    N_("is needed here"),
    N_("this is too long for one envelope"),
    N_("is filled in by the program: leave this key out"),
    N_("is too long: at most %s bytes"),
    N_("holds a control character: leave it out"),
    N_("this is not JSON here (column %s): %s; write one object, {\"key\": value, ...}"),
    N_("write text in quotation marks"),
    N_("write a decimal number such as \"3.5\", or \"不明\""),
    N_("write hex digits, two for each byte"),
    N_("write a time such as \"2025-01-17T03:12:44+08:00\""),
    N_("write a whole number from %s to %s"),
    N_("write an office's code of six digits: \"140926\""),
    N_("write one of %s"),
    N_("write true or false"),
    N_("write a list, [...]"),
    N_("write an object, {\"key\": value, ...}"),
    /* Files and keys. */
    N_("cannot read the key %s: %s"),
    N_("cannot read %s: %s"),
    N_("cannot create %s: %s"),
    N_("cannot write %s: %s"),
    N_("cannot open %s: %s"),
    N_("%s is not a file"),
    N_("%s is not a folder: name another or move it away"),
    N_("%s belongs to another user: chown it to the one that runs this"),
    N_("%s is open to others: chmod 700 %s"),
    N_("this key needs its passphrase"),
    N_("the passphrase is wrong"),
    N_("the key %s can be read by others: chmod 600 %s"),
    N_("%s is not a key file: its line %s is wrong"),
    N_("%s is a %s key; a %s key belongs here"),
    N_("%s: the public half does not belong to the secret"),
    /* Requests and directories. */
    N_("the request names no office by its six-digit code"),
    N_("office %s: a request brings exactly one active key"),
    N_("office %s: the request is not signed by the key that it brings"),
    N_("the request cannot be read: %s"),
    N_("office %s lies outside prefix %s; list it in its own province"),
    N_("broker %s needs %s to %s endpoints like tcp://192.0.2.1:7201"),
    N_("the directory of %s carries another root than the one pinned"),
    N_("the signature of the directory of %s does not verify"),
    N_("a %s key of %s is there twice; every key belongs to one entry"),
    N_("office %s is there twice"),
    N_("this is no directory: %s"),
    /* base/status.h */
    N_("over a limit"),
    N_("malformed"),
    N_("signature does not verify"),
    N_("signer is in no trusted directory"),
    N_("disk full"),
    N_("input or output failed"),
    N_("not known here"),
};

/* What stood in a hole: borrowed from the text. */
struct hole {
    const char *start;
    size_t size;
};

/* Match all of ${text} with ${pattern}; each hole takes as little as it can. */
static bool match(const char *pattern, const char *text, struct hole holes[HOLES_MAX],
                  size_t *count)
{
    *count = 0;
    while (*pattern != '\0') {
        if (pattern[0] != '%' || pattern[1] != 's') {
            if (*pattern++ != *text++) {
                return false;
            }
            continue;
        }
        pattern += 2;
        size_t fixed = 0;
        while (pattern[fixed] != '\0' && (pattern[fixed] != '%' || pattern[fixed + 1] != 's')) {
            fixed++;
        }
        const char *start = text;
        if (pattern[fixed] == '\0') {
            /* The last hole reaches to where the pattern's end must stand. */
            size_t left = strlen(text);
            text = left >= fixed ? text + left - fixed : text + left;
        } else {
            while (*text != '\0' && strncmp(text, pattern, fixed) != 0) {
                text++;
            }
        }
        if (*count == HOLES_MAX || (size_t)(text - start) == 0) {
            return false;
        }
        holes[(*count)++] = (struct hole){.start = start, .size = (size_t)(text - start)};
    }
    return *text == '\0';
}

/* Write ${translated} with the holes filled in, in their order. */
static void fill(char *out, size_t out_bytes, const char *translated, const struct hole *holes,
                 size_t count)
{
    size_t at = 0;
    size_t used = 0;
    while (*translated != '\0' && at + 1 < out_bytes) {
        if (translated[0] == '%' && translated[1] == 's' && used < count) {
            int size = snprintf(out + at, out_bytes - at, "%.*s", (int)holes[used].size,
                                holes[used].start);
            at += size > 0 ? (size_t)size : 0;
            at = at < out_bytes ? at : out_bytes - 1;
            used++;
            translated += 2;
        } else {
            out[at++] = *translated++;
        }
    }
    out[at] = '\0';
}

void tb_sentences_translate(char *out, size_t out_bytes, const char *text)
{
    struct hole holes[HOLES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (match(patterns[i], text, holes, &count)) {
            fill(out, out_bytes, _(patterns[i]), holes, count);
            return;
        }
    }
    tb_text_copy(out, out_bytes, text);
}
