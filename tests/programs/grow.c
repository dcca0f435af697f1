// Grows one allocation to 1 GiB by realloc, a sixteenth of its size at a time (at least 1 MiB), writing every page as soon as it has it.
// The C library keeps an allocation of this size in a mapping of its own, and grows it by mremap. Ends with 1 when a page lost what was written.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 4096 };

static const size_t limit = (size_t)1 << 30, least_step = (size_t)1 << 20;

int main(void)
{
    char *bytes = NULL;
    size_t length = 0, moved = 0, grown = 0;
    while (length < limit) {
        size_t step = length / 16 / PAGE * PAGE;
        size_t next = length + (step < least_step ? least_step : step);
        if (next > limit)
            next = limit;
        uintptr_t before = (uintptr_t)bytes;
        bytes = realloc(bytes, next);
        if (bytes == NULL) {
            perror("realloc");
            return 1;
        }
        moved += before != 0 && before != (uintptr_t)bytes;
        grown++;
        for (size_t at = length; at < next; at += PAGE)
            *(size_t *)(bytes + at) = at;
        length = next;
    }
    for (size_t at = 0; at < length; at += PAGE) {
        if (*(size_t *)(bytes + at) != at) {
            fprintf(stderr, "grow: the page at offset %zu holds %zu\n", at, *(size_t *)(bytes + at));
            return 1;
        }
    }
    printf("%zu bytes after %zu calls of realloc, %zu of which gave another address\n", length, grown, moved);
    free(bytes);
    return 0;
}
