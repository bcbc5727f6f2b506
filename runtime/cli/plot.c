/* plot.c -- see plot.h. What is factored is W = J - d I, rows and columns in the order
 * of elimination; L + U has every entry of W, and fill besides. Each is one <rect>, in
 * one of three groups; nothing else in the picture is a <rect>.
 *
 *       title, legend
 *             A B C      names of states, where there are few
 *          A  # #
 *          B  # # +      # of the Jacobian, + fill, the diagonal in a colour of its own
 *          C    + #
 *
 * The squares are in units of a cell, which one transformation scales, so that a
 * picture of ten states can be read and one of a thousand is no larger than a screen.
 */
#include "plot.h"

#include <string.h>
#include <strings.h>

#include "cli.h"
#include "out_file.h"
#include "strbuf.h"

enum {
    MARGIN = 20,
    HEADER = 48,     /* two lines of text */
    MOST_NAMED = 40, /* states, beyond which there is no room for names */
    CELL = 20,       /* with names, */
    PICTURE = 800,   /* and without: all cells together */
    NAME_CHARS = 24, /* of a name that are shown */
    CHAR_WIDTH = 8   /* more than one takes at 13 px, monospaced */
};

enum entry_class { JACOBIAN, DIAGONAL, FILL, CLASS_COUNT };

static const struct {
    const char *name, *color, *text;
} classes[CLASS_COUNT] = {
    [JACOBIAN] = {"jacobian", "#1b2a49", "Jacobian"},
    [DIAGONAL] = {"diagonal", "#4a90d9", "diagonal"},
    [FILL] = {"fill", "#e8842c", "fill"},
};

struct picture {
    const odec_program *program;
    bool named;
    double cell, size; /* of a state, of all */
    int left, top, width, height;
};

int32_t plot_count_fill(const odec_sparsity *sparsity) {
    int32_t n = 0;
    for (int32_t i = 0; i < sparsity->n_factors; i++) {
        n += sparsity->is_fill[i];
    }
    return n;
}

/* ---- text ---- */

static bool continues_char(char byte) { return ((unsigned char)byte & 0xc0) == 0x80; }

static int count_chars(const char *text) {
    int n = 0;
    for (; *text; text++) {
        n += !continues_char(*text);
    }
    return n;
}

/* UTF-8 as XML's character data, at most so many characters of it. What XML cannot hold
 * at all (control characters, U+FFFE, U+FFFF) becomes U+FFFD. */
static void add_text(struct strbuf *out, const char *text, int most_chars) {
    static const char replacement[] = "\xef\xbf\xbd";
    for (int n = 0; *text && n < most_chars; n++) {
        int bytes = 1;
        while (continues_char(text[bytes])) {
            bytes++;
        }
        bool none = (unsigned char)*text < 0x20 ||
                    strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
                    strncmp(text, "\xef\xbf\xbf", 3) == 0;
        const char *name = *text == '<'   ? "&lt;"
                           : *text == '>' ? "&gt;"
                           : *text == '&' ? "&amp;"
                           : *text == '"' ? "&quot;"
                           : none         ? replacement
                                          : NULL;
        strbuf_add(out, "%.*s", name ? 8 : bytes, name ? name : text);
        text += bytes;
    }
    strbuf_add(out, "%s", *text ? "…" : "");
}

/* ---- the parts ---- */

static const char *state_name(const odec_program *program, int32_t step) {
    return program->states[program->sparsity->order[step]].name;
}

static struct picture picture_of(const odec_program *program, int title_chars) {
    int32_t n = program->n_states;
    struct picture p = {.program = program, .named = n <= MOST_NAMED};
    int longest = 0;
    for (int32_t i = 0; p.named && i < n; i++) {
        int chars = count_chars(state_name(program, i));
        chars = chars > NAME_CHARS ? NAME_CHARS + 1 : chars;
        longest = chars > longest ? chars : longest;
    }
    p.cell = p.named ? CELL : (double)PICTURE / n;
    p.size = p.cell * n;
    p.left = MARGIN + CHAR_WIDTH * longest;
    p.top = MARGIN + HEADER + CHAR_WIDTH * longest;
    p.width = p.left + (int)p.size + MARGIN;
    p.height = p.top + (int)p.size + MARGIN;
    int header = 2 * MARGIN + CHAR_WIDTH * title_chars;
    p.width = p.width < header ? header : p.width;
    return p;
}

static void add_header(struct strbuf *out, const struct picture *p, const char *title) {
    const odec_program *program = p->program;
    strbuf_add(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"13\">\n<title>",
        p->width, p->height, p->width, p->height);
    add_text(out, program->model, NAME_CHARS);
    strbuf_add(out, "%s", program->text[0] ? ": " : "");
    add_text(out, program->text, 200);
    strbuf_add(out,
               "</title>\n<path d=\"M0 0H%dV%dH0Z\" fill=\"#ffffff\"/>\n"
               "<text x=\"%d\" y=\"%d\">",
               p->width, p->height, MARGIN, MARGIN + 13);
    add_text(out, title, 200);
    strbuf_add(out, "</text>\n<text x=\"%d\" y=\"%d\">", MARGIN, MARGIN + 33);
    for (int i = 0; i < CLASS_COUNT; i++) {
        strbuf_add(out, "<tspan fill=\"%s\">■</tspan> %s ", classes[i].color,
                   classes[i].text);
    }
    strbuf_add(out, "</text>\n");
}

static void add_names(struct strbuf *out, const struct picture *p) {
    for (int32_t i = 0; i < p->program->n_states; i++) {
        double middle = (i + 0.5) * p->cell + 4;
        strbuf_add(out, "<text x=\"%d\" y=\"%g\" text-anchor=\"end\">", p->left - 5,
                   p->top + middle);
        add_text(out, state_name(p->program, i), NAME_CHARS);
        strbuf_add(out, "</text>\n<text transform=\"translate(%g %d) rotate(-90)\">",
                   p->left + middle, p->top - 5);
        add_text(out, state_name(p->program, i), NAME_CHARS);
        strbuf_add(out, "</text>\n");
    }
}

static void add_lines(struct strbuf *out, const struct picture *p) {
    int32_t n = p->program->n_states;
    strbuf_add(out, "<path fill=\"none\" stroke=\"#c8c8c8\" stroke-width=\"%g\" d=\"",
               1 / p->cell);
    for (int32_t i = 0; i <= n; i += p->named ? 1 : n) {
        strbuf_add(out, "M0 %dH%dM%d 0V%d", i, n, i, n);
    }
    strbuf_add(out, "\"/>\n");
}

static void add_squares(struct strbuf *out, const struct picture *p,
                        enum entry_class class) {
    const odec_sparsity *s = p->program->sparsity;
    const char *side = p->named ? ".9" : "1";
    strbuf_add(out, "<g class=\"%s\" fill=\"%s\">\n", classes[class].name,
               classes[class].color);
    for (int32_t i = 0; i < s->n_factors; i++) {
        enum entry_class is = s->row[i] == s->column[i] ? DIAGONAL
                              : s->is_fill[i]           ? FILL
                                                        : JACOBIAN;
        if (is == class) {
            strbuf_add(out,
                       "<rect x=\"%d%s\" y=\"%d%s\" width=\"%s\" height=\"%s\"/>\n",
                       s->column[i], p->named ? ".05" : "", s->row[i],
                       p->named ? ".05" : "", side, side);
        }
    }
    strbuf_add(out, "</g>\n");
}

static void draw(const odec_program *program, struct strbuf *out) {
    const odec_sparsity *s = program->sparsity;
    struct strbuf title = {0};
    strbuf_add(&title, "%.60s: n = %d, nnz(J) = %d, nnz(L+U) = %d, fill %d",
               program->model, program->n_states, s->n_jacobian, s->n_factors,
               plot_count_fill(s));
    if (title.failed) {
        out->failed = true;
        return;
    }
    struct picture p = picture_of(program, count_chars(title.at));
    add_header(out, &p, title.at);
    if (p.named) {
        add_names(out, &p);
    }
    strbuf_add(out, "<g transform=\"translate(%d %d) scale(%g)\">\n", p.left, p.top,
               p.cell);
    add_lines(out, &p);
    for (int i = 0; i < CLASS_COUNT; i++) {
        add_squares(out, &p, (enum entry_class)i);
    }
    strbuf_add(out, "</g>\n</svg>\n");
    strbuf_release(&title);
}

/* ---- the file ---- */

static int save(const char *path, const struct strbuf *picture) {
    odec_context *context;
    if (picture->failed || odec_context_create(&context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    odec_status status = out_file_save(context, path, picture->at, picture->n);
    int exit_status = status == ODEC_OK ? EXIT_DONE : cli_failed(context, status);
    odec_context_destroy(context);
    return exit_status;
}

int plot_write(const odec_program *program, const char *path) {
    size_t n = strlen(path);
    if (strcmp(path, "-") != 0 && (n < 5 || strcasecmp(path + n - 4, ".svg") != 0)) {
        return cli_error(EXIT_WRONG, "--plot: '%s' must end in .svg, or be -", path);
    }
    if (program->sparsity == NULL) {
        return cli_error(EXIT_WRONG, "%s has no Jacobian: --plot needs a stiff method",
                         program->method);
    }
    struct strbuf picture = {0};
    draw(program, &picture);
    int status = save(path, &picture);
    strbuf_release(&picture);
    return status;
}
