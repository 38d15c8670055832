// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/page.h"

#include <math.h>

#include "coordinator/report/assets.h"
#include "coordinator/report/html.h"

#define PARAGRAPH_BYTES 4096

// What the browser must refuse to do, should anything in the page ever ask for it: to load.
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

const char *page_words(const struct page *page, enum text_id id)
{
    return text_of(page->language, id);
}

static void element(struct page *page, const char *open, const char *text, const char *close)
{
    fputs(open, page->out);
    html_text(page->out, text);
    fputs(close, page->out);
}

void page_begin(struct page *page, FILE *out, enum language language, const char *kind, const char *title)
{
    *page = (struct page){.out = out, .language = language};
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
            language_code(language));
    html_text(out, title);
    element(page, " – ", kind, "</title>\n<style>\n");
    asset_style(out);
    fputs("</style>\n</head>\n<body>\n<main>\n<header>\n", out);
    element(page, "<p class=\"kind\">", kind, "</p>\n");
    element(page, "<h1>", title, "</h1>\n</header>\n");
    element(page, "<noscript><p class=\"warning\">", page_words(page, TEXT_NO_SCRIPT), "</p></noscript>\n");
}

void page_end(struct page *page)
{
    element(page, "<footer><p>", page_words(page, TEXT_FOOTER), "</p></footer>\n</main>\n");
    if (page->charts) {
        fputs("<script id=\"chart-js\">\n", page->out);
        asset_chart_js(page->out);
        fputs("</script>\n", page->out);
    }
    fputs("<script>\n", page->out);
    asset_script(page->out);
    fputs("</script>\n</body>\n</html>\n", page->out);
}

void page_section_begin(struct page *page, const char *id, const char *heading)
{
    fprintf(page->out, "<section id=\"%s\">\n", id);
    element(page, "<h2>", heading, "</h2>\n");
}

void page_section_end(struct page *page)
{
    fputs("</section>\n", page->out);
}

void page_heading(struct page *page, const char *text)
{
    element(page, "<h3>", text, "</h3>\n");
}

static void paragraph(struct page *page, const char *open, const char *words, const char *const *args)
{
    char text[PARAGRAPH_BYTES];
    element(page, open, text_fill(text, sizeof text, words, args), "</p>\n");
}

void page_paragraph(struct page *page, const char *words, const char *const *args)
{
    paragraph(page, "<p>", words, args);
}

void page_warning(struct page *page, const char *words, const char *const *args)
{
    paragraph(page, "<p class=\"warning\">", words, args);
}

void page_facts_begin(struct page *page)
{
    fputs("<dl class=\"facts\">\n", page->out);
}

void page_fact(struct page *page, const char *name, const char *value)
{
    element(page, "<div><dt>", name, "</dt>");
    element(page, "<dd>", value, "</dd></div>\n");
}

void page_facts_end(struct page *page)
{
    fputs("</dl>\n", page->out);
}

void page_grid_begin(struct page *page)
{
    fputs("<div class=\"grid\">\n", page->out);
}

void page_grid_end(struct page *page)
{
    fputs("</div>\n", page->out);
}

static const char *class_of(const struct page_column *column)
{
    static const char *const classes[] = {"", " class=\"n\"", " class=\"c\"", " class=\"n c\""};
    return classes[column->number + 2 * column->fixed];
}

void page_table_begin(struct page *page, const char *caption, const struct page_column *columns, size_t n)
{
    fputs("<div class=\"scroll\"><table>\n", page->out);
    if (caption)
        element(page, "<caption>", caption, "</caption>\n");
    fputs("<thead><tr>", page->out);
    for (size_t i = 0; i < n; i++) {
        fprintf(page->out, "<th scope=\"col\"%s>", columns[i].number ? " class=\"n\"" : "");
        html_text(page->out, columns[i].label);
        if (columns[i].unit && columns[i].unit[0])
            element(page, " <small>", columns[i].unit, "</small>");
        fputs("</th>", page->out);
    }
    fputs("</tr></thead>\n<tbody>\n", page->out);
}

void page_row_begin(struct page *page)
{
    fputs("<tr>", page->out);
}

void page_cell(struct page *page, const struct page_column *column, const char *text)
{
    fprintf(page->out, "<td%s>", class_of(column));
    element(page, "", text, "</td>");
}

void page_cell_bar(struct page *page, const char *text, double share)
{
    double width = isfinite(share) ? 100 * fmin(fmax(share, 0), 1) : 0;
    fprintf(page->out, "<td class=\"n bar\" style=\"--w:%.1f%%\">", width);
    element(page, "", text, "</td>");
}

void page_row_end(struct page *page)
{
    fputs("</tr>\n", page->out);
}

void page_table_end(struct page *page)
{
    fputs("</tbody>\n</table></div>\n", page->out);
}

void page_lines(struct page *page, const char *text)
{
    element(page, "<pre>", text, "</pre>\n");
}

void page_details_begin(struct page *page, const char *summary)
{
    element(page, "<details><summary>", summary, "</summary>\n");
}

void page_details_end(struct page *page)
{
    fputs("</details>\n", page->out);
}
