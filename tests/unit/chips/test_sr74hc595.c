#include "fixtures/virtual/chips/sr74hc595.h"
#include "tests/support.h"

static struct sr74hc595 sr[2];

static void set_up(void)
{
    struct rng rng;

    rng_init(&rng, 1, "shift registers");
    sr74hc595_init(&sr[0], &rng);
    sr74hc595_init(&sr[1], &rng);
}

/* Sixteen bits, MSB first, through both: the first ends in the farther one. */
static void shift(uint16_t bits)
{
    for (int bit = 15; bit >= 0; bit--) {
        sr74hc595_srclk(&sr[1], true, sr74hc595_qh(&sr[0]));
        sr74hc595_srclk(&sr[0], true, (bits >> bit & 1) != 0);
        sr74hc595_srclk(&sr[1], false, false);
        sr74hc595_srclk(&sr[0], false, false);
    }
}

START_TEST(chain_holds_sixteen_bits_and_shows_them_after_rclk)
{
    uint8_t before = sr[0].latch_mask;

    sr74hc595_rclk(&sr[0], false);
    sr74hc595_rclk(&sr[1], false);
    shift(0xA55C);
    ck_assert_uint_eq(sr[0].latch_mask, before);
    sr74hc595_rclk(&sr[0], true);
    sr74hc595_rclk(&sr[1], true);
    ck_assert_uint_eq(sr[0].latch_mask, 0x5C);
    ck_assert_uint_eq(sr[1].latch_mask, 0xA5);
    shift(0xFFFF);
    sr74hc595_rclk(&sr[0], true); /* no edge */
    ck_assert_uint_eq(sr[0].latch_mask, 0x5C);
}

END_TEST

START_TEST(clear_touches_the_shift_stage_only)
{
    shift(0x0F0F);
    sr74hc595_rclk(&sr[0], false);
    sr74hc595_rclk(&sr[0], true);
    sr74hc595_clear(&sr[0]);
    ck_assert_uint_eq(sr[0].latch_mask, 0x0F);
    sr74hc595_rclk(&sr[0], false);
    sr74hc595_rclk(&sr[0], true);
    ck_assert_uint_eq(sr[0].latch_mask, 0x00);
}

END_TEST

START_TEST(falling_srclk_shifts_nothing)
{
    sr74hc595_clear(&sr[0]);
    sr74hc595_srclk(&sr[0], true, true);
    sr74hc595_srclk(&sr[0], false, true);
    sr74hc595_srclk(&sr[0], false, true);
    ck_assert_uint_eq(sr[0].stage_mask, 0x01);
}

END_TEST

int main(void)
{
    Suite *suite = suite_create("sr74hc595");
    TCase *tcase = tcase_create("sr74hc595");

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, chain_holds_sixteen_bits_and_shows_them_after_rclk);
    tcase_add_test(tcase, clear_touches_the_shift_stage_only);
    tcase_add_test(tcase, falling_srclk_shifts_nothing);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
