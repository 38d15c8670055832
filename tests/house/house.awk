# SPDX-License-Identifier: Apache-2.0
# The house rules that a file shows by itself. Arguments: files, named from the root of the tree. Each finding is one
# line, FILE:LINE: RULE: what is wrong and what to do. Sources are .c, .h and .def; other files are searched for
# unfinished work and for long lines only.

function report(line, rule, text)
{
    printf "%s:%d: %s: %s\n", FILENAME, line, rule, text
    findings++
}

# The folder of a file, two levels deep: node/board/mshr.c is of node/board, node/main.c of node.
function folder_of(path,    part, n)
{
    n = split(path, part, "/")
    return n > 2 ? part[1] "/" part[2] : part[1]
}

# What each folder may include besides itself; a folder without a row of its own follows its parent's.
function set_directions()
{
    may["proto/base"] = "^proto/base/"
    may["proto/codec"] = "^proto/(base|codec|schema)/"
    may["proto/image"] = "^proto/(base|image)/"
    may["proto/trace"] = "^proto/(base|trace)/"
    may["fabric"] = "^(proto/(base|codec|trace)|fabric)/"
    may["node"] = "^(proto/(base|codec|image|trace)|fabric|node)/"
    may["node/coherence"] = "^(proto/base|node/coherence)/"
    may["coordinator"] = "^(proto/(base|codec|image|trace)|fabric|coordinator)/"
    may["hmc"] = "^(proto/(base|codec|trace)|fabric/link|hmc)/"
    may["tests"] = "^(proto/(base|codec|image|trace)|fabric|node|coordinator|hmc|tests)/"
}

function check_include(    path, folder, top)
{
    if (!match($0, /^#[ \t]*include[ \t]*"[^"]*"/))
        return
    path = substr($0, RSTART, RLENGTH)
    gsub(/^[^"]*"|"$/, "", path)
    if (path ~ /\.\.\// || path !~ /\//) {
        report(FNR, "include-path", "\"" path "\": write the path from the root of the tree")
        return
    }
    folder = folder_of(FILENAME)
    top = folder
    sub(/\/.*/, "", top)
    if (!(folder in may))
        folder = top
    if (folder in may && path !~ may[folder])
        report(FNR, "include-direction", folder " may not include " path ": see README.md, \"Tree\"")
}

# Calls that make a result depend on the host: nowhere; only in tests (of independence of the locale); and not in the
# folders that hold simulated state. The link's pace and the coordinator's progress may know the time of the host.
function set_calls()
{
    nowhere = call_of("s?rand|s?random|[dlm]rand48|localtime|gmtime|asctime|ctime|strtok|gets")
    tests_only = call_of("setlocale|sprintf")
    not_simulated = call_of("time|clock|clock_gettime|gettimeofday|getenv|getpid|gettid|pthread_self|usleep|nanosleep|getrandom")
    simulated = "^(proto/(base|image|trace)|fabric/(time|crossbar|fault)|node/(coherence|memory|cpu|isa|board))/"
}

function call_of(names)
{
    return "(^|[^A-Za-z0-9_.>])(" names ") *\\("
}

function check_calls(    code)
{
    code = $0
    sub(/\/\/.*/, "", code)
    if (FILENAME ~ simulated && code ~ /"[^"]*%p/)
        report(FNR, "host-call", "an address differs from run to run: name the thing instead")
    gsub(/"([^"\\]|\\.)*"/, "", code)
    if (code ~ nowhere || (code ~ tests_only && FILENAME !~ /^tests\//))
        report(FNR, "host-call", "depends on the host, its locale or a hidden state: use proto/base (rng, time, err)")
    else if (code ~ not_simulated && FILENAME ~ simulated)
        report(FNR, "host-call", "simulated state must not see the host: pass the value in")
}

# clang-format puts the braces of a function, and of nothing else, alone in the first column.
function check_function()
{
    if ($0 == "{")
        opened = FNR
    if ($0 == "}" && opened) {
        if (FNR - opened + 1 > FUNCTION_LINES_MAX)
            report(opened, "function-length", FNR - opened + 1 " lines, limit " FUNCTION_LINES_MAX ": split it by meaning")
        opened = 0
    }
}

function end_of_file()
{
    if (lines > FILE_LINES_MAX && file ~ /\.(c|h|def)$/) {
        printf "%s:%d: file-length: %d lines, limit %d: split it by meaning\n", file, lines, lines, FILE_LINES_MAX
        findings++
    }
}

# Columns, not bytes: bytes 10xxxxxx continue a character. (mawk and gawk in the C locale count bytes.)
function columns(text)
{
    gsub(/[\200-\277]/, "", text)
    return length(text)
}

BEGIN {
    LINE_COLUMNS_MAX = 110
    FUNCTION_LINES_MAX = 60
    FILE_LINES_MAX = 500
    set_directions()
    set_calls()
}

FNR == 1 {
    end_of_file()
    file = FILENAME
    source = FILENAME ~ /\.(c|h|def)$/
    opened = 0
    if (source && $0 != "// SPDX-License-Identifier: Apache-2.0")
        report(1, "licence", "the first line must be: // SPDX-License-Identifier: Apache-2.0")
}

{
    lines = FNR
    if ($0 ~ /(^|[^A-Za-z])(TO[D]O|FIX[M]E|XX[X])([^A-Za-z]|$)/)
        report(FNR, "unfinished", "finish it, or say what is missing in the folder's README")
    if ($0 ~ /[ \t]$/)
        report(FNR, "trailing-space", "remove it")
}

source {
    if (columns($0) > LINE_COLUMNS_MAX)
        report(FNR, "line-length", columns($0) " columns, limit " LINE_COLUMNS_MAX)
    check_include()
    check_calls()
    check_function()
}

END {
    end_of_file()
    exit findings > 0
}
