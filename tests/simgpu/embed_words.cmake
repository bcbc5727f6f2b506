# embed_words.cmake -- run as a script: the texts in FILES, one behind the other, as the C
# string kernel_text_words.
#   cmake -DOUTPUT=words.c "-DFILES=a.h;b.h" -P embed_words.cmake
set(bytes "")
foreach(file IN LISTS FILES)
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    string(APPEND bytes "${hex}\n")
endforeach()
file(WRITE "${OUTPUT}" "/* Made by embed_words.cmake. */
#include \"compile.h\"

static const char words[] = {${bytes}0};
const char *const kernel_text_words = words;
")
