# embed.cmake -- run as a script: the text of kernels/ and templates/ as one C file.
#   cmake -DOUTPUT=embedded.c "-DFILES=a.h;b.h" -P embed.cmake
set(arrays "")
set(rows "")
set(index 0)
foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "static const unsigned char file_${index}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", file_${index}},\n")
    math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUTPUT}.new" "/* Made by embed.cmake. */
#include <string.h>

#include \"emit.h\"

${arrays}
const char *embedded_text(const char *name) {
    static const struct {
        const char *name;
        const unsigned char *text;
    } files[] = {
${rows}    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].name, name) == 0) {
            return (const char *)files[i].text;
        }
    }
    return NULL;
}
")
file(COPY_FILE "${OUTPUT}.new" "${OUTPUT}" ONLY_IF_DIFFERENT)
file(REMOVE "${OUTPUT}.new")
