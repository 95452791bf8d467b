/** GW-24S4EB, hardware 2.8.0: the sibling. Same code, so its image runs on the other board. */
#include "firmware/core/product.h"

const struct product product_table = {
    .model = "GW-24S4EB",
    .hardware = "HW-2.8.0",
    .software = "GW-1.0.0",
    .protocol = "V1.2.73",
    .password = "123456",
};

__attribute__((section(".image_header"), used)) const struct image_header image_header = {
    .magic = {'E', 'K', 'I', 'M'},
    .header_version = 1,
    .header_len = sizeof image_header,
    .product = "GW-24S4EB",
    .version = "1.0.0",
    .device_id = 0x460,
    .hardware = {'H', 'W', '-', '2', '.', '8', '.', '0'},
};
