#include "node/cli/language.h"

#include <libintl.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/program.h"

enum { LOCALE_PATH_BYTES_MAX = 1100 };

static enum tb_language used = TB_LANGUAGE_NONE;

static enum tb_language of_one(const char *value, size_t size)
{
    if ((size == 1 && value[0] == 'C') || (size == 5 && strncmp(value, "POSIX", 5) == 0)) {
        return TB_LANGUAGE_EN;
    }
    bool ends = size == 2 || (size > 2 && strchr("_-.@", value[2]) != NULL);
    if (ends && strncmp(value, "zh", 2) == 0) {
        return TB_LANGUAGE_ZH;
    }
    if (ends && strncmp(value, "en", 2) == 0) {
        return TB_LANGUAGE_EN;
    }
    return TB_LANGUAGE_NONE;
}

enum tb_language tb_language_of(const char *value)
{
    while (value != NULL && *value != '\0') {
        size_t size = strcspn(value, ":");
        enum tb_language language = of_one(value, size);
        if (language != TB_LANGUAGE_NONE) {
            return language;
        }
        value += size + (value[size] == ':' ? 1 : 0);
    }
    return TB_LANGUAGE_NONE;
}

enum tb_language tb_language_choose(enum tb_language configured, char *(*get)(const char *name))
{
    static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    enum tb_language language = configured;
    for (size_t i = 0; language == TB_LANGUAGE_NONE && i < sizeof names / sizeof names[0]; i++) {
        language = tb_language_of(get(names[i]));
    }
    return language != TB_LANGUAGE_NONE ? language : TB_LANGUAGE_ZH;
}

/* Where the catalogue lies: under share/ beside the program's bin/, in a build and
 * wherever it was installed; else where it was meant to be installed. */
static void bind_catalogue(void)
{
    char folder[TB_PROGRAM_PATH_BYTES_MAX];
    char path[LOCALE_PATH_BYTES_MAX] = "";
    bool found = false;
    if (tb_program_folder(folder)) {
        snprintf(path, sizeof path, "%s/../share/locale/zh_CN/LC_MESSAGES/tongbao.mo", folder);
        found = access(path, R_OK) == 0;
        snprintf(path, sizeof path, "%s/../share/locale", folder);
    }
    bindtextdomain("tongbao", found ? path : TB_LOCALE_FOLDER);
    bind_textdomain_codeset("tongbao", "UTF-8");
    textdomain("tongbao");
}

void tb_language_use(enum tb_language language)
{
    static const char *const locales[] = {"C.UTF-8", "C.utf8", "zh_CN.UTF-8", "en_US.UTF-8"};
    bool set = false;
    /* Under the locale "C" gettext would not look at LANGUAGE; any UTF-8 one
     * will do, for nothing else is taken from it. */
    for (size_t i = 0; !set && i < sizeof locales / sizeof locales[0]; i++) {
        set = setlocale(LC_CTYPE, locales[i]) != NULL && setlocale(LC_MESSAGES, locales[i]) != NULL;
    }
    setenv("LANGUAGE", language == TB_LANGUAGE_EN ? "en" : "zh_CN", 1);
    used = language;
    bind_catalogue();
}

enum tb_language tb_language_used(void)
{
    return used;
}
