/* empty.c -- a library has a source. */
typedef int nothing;
