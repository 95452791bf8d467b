# How Evenkeel builds: one static library per layer, warnings as an interface target, tests that
# name the library they judge.

add_library(keel_warnings INTERFACE)
target_compile_options(keel_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wformat=2 -Wundef -Wvla
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
  -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wswitch-enum -fno-common
  $<$<BOOL:${KEEL_WERROR}>:-Werror>)
target_include_directories(keel_warnings INTERFACE "${CMAKE_SOURCE_DIR}")

# keel_library(NAME SOURCES a.c ... LINK other ...): a layer or a part of one.
function(keel_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE keel_warnings PUBLIC ${arg_LINK})
endfunction()

# keel_test(NAME SOURCES a.c ... LINK lib ... [LABELS slow ...] [ARGS ...]): one Check suite.
function(keel_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LABELS;ARGS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE keel_warnings ${arg_LINK} PkgConfig::check)
  target_compile_definitions(${name} PRIVATE
    KEEL_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    KEEL_BINARY_DIR="${CMAKE_BINARY_DIR}"
    KEEL_SHARED_DATA="${KEEL_SHARED_DATA}")
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120 LABELS "unit;${arg_LABELS}")
endfunction()

# keel_fuzzer(NAME SOURCES a.c LINK lib ... CORPUS dir): a libFuzzer target when KEEL_FUZZ is on;
# otherwise a runner that replays the corpus, so that the corpus is always a test.
function(keel_fuzzer name)
  cmake_parse_arguments(arg "" "CORPUS" "SOURCES;LINK" ${ARGN})
  if(KEEL_FUZZ)
    add_executable(${name} ${arg_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${arg_SOURCES} "${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c")
    add_test(NAME ${name} COMMAND ${name} "${arg_CORPUS}")
    set_tests_properties(${name} PROPERTIES TIMEOUT 60 LABELS "fuzz")
  endif()
  target_link_libraries(${name} PRIVATE keel_warnings ${arg_LINK})
endfunction()
