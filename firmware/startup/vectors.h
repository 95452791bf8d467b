/** Entry points that the vectors name. */
#ifndef EVENKEEL_FIRMWARE_STARTUP_VECTORS_H
#define EVENKEEL_FIRMWARE_STARTUP_VECTORS_H

typedef void (*vector_fn)(void);

enum {
    VECTOR_COUNT = 48 /* 16 of the core, 32 of the part */
};

extern const vector_fn VECTORS[VECTOR_COUNT];

_Noreturn void reset_handler(void);
void nmi_handler(void);
_Noreturn void fault_handler(void);
/** The program, once RAM is as C wants it. */
_Noreturn void unit_main(void);

#endif
