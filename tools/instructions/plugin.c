/* A plugin of QEMU's user emulation (API version 1, QEMU 7.2) that counts guest instructions.
 *
 *     qemu-aarch64 -plugin plugin.so,out=FILE ...
 *
 * Each translated block has a counter of its own. A guest that calls getpriority(0, 0x51000000 + id) writes a line
 * "mark ID TOTAL" to FILE, TOTAL being the instructions that began so far; with 0x52000000 in place of 0x51000000 a line
 * "block ADDRESS COUNT" for every block that ran comes before it. The kernel's answer to that call is "no such process".
 *
 * It includes no header, so that a compiler alone is enough; what it needs of QEMU and of C's library is declared here.
 * Counters are not atomic: they are right for a guest that computes on one thread.
 */
typedef unsigned long u64;
typedef void FILE;
struct block;

extern void qemu_plugin_register_vcpu_tb_trans_cb(u64, void (*)(u64, struct block *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int, void *, u64);
extern void qemu_plugin_register_vcpu_syscall_cb(u64, void (*)(u64, unsigned, long, u64, u64, u64, u64, u64, u64, u64, u64));
extern u64 qemu_plugin_tb_n_insns(const struct block *);
extern u64 qemu_plugin_tb_vaddr(const struct block *);
extern FILE *fopen(const char *, const char *);
extern int fprintf(FILE *, const char *, ...);
extern int fflush(FILE *);
extern int strncmp(const char *, const char *, u64);
extern void abort(void);

enum { GETPRIORITY = 141, MARK = 0x51, MARK_WITH_BLOCKS = 0x52, ADD_U64 = 0, SLOTS = 1 << 20 };

int qemu_plugin_version = 1;

/* By address and length, so that a block that QEMU threw away and translated again goes on counting. */
static struct slot {
    u64 address, length, count;
} slots[SLOTS];
static u64 num_slots;
static FILE *out;

static struct slot *slot_of(u64 address, u64 length) {
    u64 place = (address / 4 * 31 + length) * 0x9E3779B97F4A7C15UL >> 44; /* 20 bits: one of SLOTS */
    while (slots[place].length && (slots[place].address != address || slots[place].length != length))
        place = (place + 1) % SLOTS;
    if (!slots[place].length) {
        if (++num_slots > SLOTS / 8 * 7) {
            fprintf(out, "full\n");
            fflush(out);
            abort();
        }
        slots[place].address = address;
        slots[place].length = length;
    }
    return &slots[place];
}

static void translated(u64 id, struct block *block) {
    u64 length = qemu_plugin_tb_n_insns(block);
    struct slot *slot = slot_of(qemu_plugin_tb_vaddr(block), length);
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &slot->count, length);
}

static void called(u64 id, unsigned cpu, long number, u64 which, u64 who, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
    u64 total = 0, kind = who >> 24, place;
    if (number != GETPRIORITY || (kind != MARK && kind != MARK_WITH_BLOCKS))
        return;
    for (place = 0; place < SLOTS; place++) {
        total += slots[place].count;
        if (kind == MARK_WITH_BLOCKS && slots[place].count)
            fprintf(out, "block %lx %lu\n", slots[place].address, slots[place].count);
    }
    fprintf(out, "mark %lu %lu\n", who & 0xFFFFFF, total);
    fflush(out);
}

int qemu_plugin_install(u64 id, const void *info, int argc, char **argv) {
    if (argc != 1 || strncmp(argv[0], "out=", 4) || !(out = fopen(argv[0] + 4, "w")))
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
