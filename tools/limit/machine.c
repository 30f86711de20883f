/* What one core of this machine can do at most: prints one JSON object.
 *
 *     machine BYTES MILLISECONDS
 *
 * ghz           cycles a second, from a chain of dependent additions, one a cycle on every core of today
 * read_gb_s     bytes a second when reading BYTES again and again, with the widest loads there are
 * int8_gmac_s   int8 multiply-accumulates a second, from registers: AVX-512 VNNI, or AVX2's pair of multiply-adds
 * float_gmac_s  float32 multiply-accumulates a second, from registers: AVX-512, AVX2 with FMA
 * kernels       which instructions those were
 *
 * Each is the best of runs that fill MILLISECONDS: what disturbs a run only makes it slower.
 */
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHAINS 12 /* more than latency (4 or 5) times issue (2) of any core: the units are never idle */
#define TURNS 20000L
#define KEEP(x) __asm__ volatile("" : "+x"(x)) /* or the compiler would add twelve equal sums once */
#define KEEP512(x) __asm__ volatile("" : "+v"(x))

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec * 1e-9;
}

static long chain(const char *data, size_t size) {
    uint64_t a = size, b = 1;
    for (long i = 0; i < TURNS; i++)
        __asm__ volatile("add %1,%0\nadd %1,%0\nadd %1,%0\nadd %1,%0\nadd %1,%0\nadd %1,%0\nadd %1,%0\nadd %1,%0" : "+r"(a) : "r"(b));
    return 8 * TURNS;
}

__attribute__((target("avx2"))) static long read_avx2(const char *data, size_t size) {
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (size_t i = 0; i + 128 <= size; i += 128) {
        a = _mm256_or_si256(a, _mm256_load_si256((const __m256i *)(data + i)));
        b = _mm256_or_si256(b, _mm256_load_si256((const __m256i *)(data + i + 32)));
        c = _mm256_or_si256(c, _mm256_load_si256((const __m256i *)(data + i + 64)));
        d = _mm256_or_si256(d, _mm256_load_si256((const __m256i *)(data + i + 96)));
    }
    a = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
    KEEP(a);
    return size / 128 * 128;
}

__attribute__((target("avx512f"))) static long read_avx512(const char *data, size_t size) {
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    for (size_t i = 0; i + 256 <= size; i += 256) {
        a = _mm512_or_si512(a, _mm512_load_si512(data + i));
        b = _mm512_or_si512(b, _mm512_load_si512(data + i + 64));
        c = _mm512_or_si512(c, _mm512_load_si512(data + i + 128));
        d = _mm512_or_si512(d, _mm512_load_si512(data + i + 192));
    }
    a = _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d));
    KEEP512(a);
    return size / 256 * 256;
}

__attribute__((target("avx2"))) static long int8_avx2(const char *data, size_t size) {
    __m256i sums[CHAINS], x = _mm256_set1_epi8(1), w = _mm256_set1_epi8(2), ones = _mm256_set1_epi16(1);
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++)
        sums[k] = _mm256_setzero_si256();
    for (long i = 0; i < TURNS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++) {
            KEEP(w);
            sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(_mm256_maddubs_epi16(x, w), ones));
        }
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++)
        KEEP(sums[k]);
    return TURNS * CHAINS * 32;
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) static long int8_vnni(const char *data, size_t size) {
    __m512i sums[CHAINS], x = _mm512_set1_epi8(1), w = _mm512_set1_epi8(2);
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++)
        sums[k] = _mm512_setzero_si512();
    for (long i = 0; i < TURNS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++) {
            sums[k] = _mm512_dpbusd_epi32(sums[k], x, w);
            KEEP512(sums[k]);
        }
    return TURNS * CHAINS * 64;
}

__attribute__((target("avx2,fma"))) static long float_avx2(const char *data, size_t size) {
    __m256 sums[CHAINS], x = _mm256_set1_ps(1e-9f), w = _mm256_set1_ps(1.0f);
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++)
        sums[k] = _mm256_setzero_ps();
    for (long i = 0; i < TURNS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++) {
            sums[k] = _mm256_fmadd_ps(x, w, sums[k]);
            KEEP(sums[k]);
        }
    return TURNS * CHAINS * 8;
}

__attribute__((target("avx512f"))) static long float_avx512(const char *data, size_t size) {
    __m512 sums[CHAINS], x = _mm512_set1_ps(1e-9f), w = _mm512_set1_ps(1.0f);
#pragma GCC unroll 12
    for (int k = 0; k < CHAINS; k++)
        sums[k] = _mm512_setzero_ps();
    for (long i = 0; i < TURNS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++) {
            sums[k] = _mm512_fmadd_ps(x, w, sums[k]);
            KEEP512(sums[k]);
        }
    return TURNS * CHAINS * 16;
}

/* Billions a second of what `work` returns, the best run. */
static double best(long (*work)(const char *, size_t), const char *data, size_t size, double seconds) {
    double found = 0, end = now() + seconds;
    do {
        double start = now(), rate;
        long done = 0;
        do /* A run takes half a millisecond, so that the clock costs nothing; one interrupted run does no harm. */
            done += work(data, size);
        while (now() - start < 0.0005);
        rate = done / (now() - start) / 1e9;
        if (rate > found)
            found = rate;
    } while (now() < end);
    return found;
}

int main(int argc, char **argv) {
    size_t size = argc == 3 ? strtoull(argv[1], 0, 10) : 0;
    double seconds = argc == 3 ? atof(argv[2]) / 4e3 : 0;
    if (size < 256 || seconds <= 0) {
        fprintf(stderr, "expected: machine BYTES MILLISECONDS, at least 256 and 1\n");
        return 2;
    }
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        fprintf(stderr, "expected a CPU with AVX2 and FMA; this one has not both\n");
        return 3;
    }
    char *data = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!data) {
        fprintf(stderr, "expected %zu bytes of memory; there are not as many\n", size);
        return 3;
    }
    memset(data, 1, (size + 63) / 64 * 64);
    int wide = __builtin_cpu_supports("avx512f"), vnni = wide && __builtin_cpu_supports("avx512vnni");
    best(chain, 0, 0, seconds); /* wakes the core up */
    printf("{\"ghz\": %.4f, ", best(chain, 0, 0, seconds));
    printf("\"read_gb_s\": %.3f, ", best(wide ? read_avx512 : read_avx2, data, size, seconds));
    printf("\"int8_gmac_s\": %.3f, ", best(vnni ? int8_vnni : int8_avx2, 0, 0, seconds));
    printf("\"float_gmac_s\": %.3f, ", best(wide ? float_avx512 : float_avx2, 0, 0, seconds));
    printf("\"kernels\": \"%s, %s\"}\n", vnni ? "AVX-512 VNNI" : "AVX2 int8", wide ? "AVX-512 float" : "AVX2 float");
    return 0;
}
