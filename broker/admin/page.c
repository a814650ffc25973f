/* See page.h. page.html becomes a part of the program when this is assembled. */
#include "broker/admin/page.h"

__asm__(".pushsection .rodata\n"
        "admin_page_first: .incbin \"broker/admin/page.html\"\n"
        "admin_page_last: .byte 0\n"
        ".popsection\n");

extern const char admin_page_first[], admin_page_last[];

enum admin_step admin_get_page(struct admin *a, struct admin_call *call)
{
    (void)a;
    call->status = 200;
    call->type = "text/html; charset=utf-8";
    call->fixed = admin_page_first;
    call->length = (size_t)(admin_page_last - admin_page_first);
    return ADMIN_DONE;
}
