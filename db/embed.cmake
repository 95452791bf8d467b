# Turn files into one C source of constant texts, each ending in a zero:
#
#     cmake -DOUTPUT=out.c "-DTEXTS=symbol=path;symbol=path" -P embed.cmake
#
# A file `0001.sql` named by `migration_0001=...` is `const char migration_0001[]` in C.

set(source "/* Generated from the files named below by db/embed.cmake. */\n")
foreach(text IN LISTS TEXTS)
  string(REGEX MATCH "^([^=]+)=(.*)$" found "${text}")
  set(symbol "${CMAKE_MATCH_1}")
  set(path "${CMAKE_MATCH_2}")
  file(READ "${path}" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  string(REGEX REPLACE "((..x..',)(..x..',)(..x..',)(..x..',)(..x..',)(..x..',)(..x..',)(..x..',))" "\\1\n" bytes "${bytes}")
  get_filename_component(file_name "${path}" NAME)
  string(APPEND source "\n/* ${file_name} */\nextern const char ${symbol}[];\nconst char ${symbol}[] = {\n${bytes} 0};\n")
endforeach()
file(WRITE "${OUTPUT}" "${source}")
