/** EK-24S4EB, hardware 3.2.0. */
#include "firmware/core/product.h"

const struct product product_table = {
    .model = "EK-24S4EB",
    .hardware = "HW-3.2.0",
    .software = "EK-1.0.0",
    .protocol = "V1.2.73",
    .password = "123456",
};

__attribute__((section(".image_header"), used)) const struct image_header image_header = {
    .magic = {'E', 'K', 'I', 'M'},
    .header_version = 1,
    .header_len = sizeof image_header,
    .product = "EK-24S4EB",
    .version = "1.0.0",
    .device_id = 0x460,
    .hardware = {'H', 'W', '-', '3', '.', '2', '.', '0'},
};
