# embed_texts(OUT_VAR NAME symbol=path ...): a C source with these files' texts, made when they change.
set(EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed.cmake")

function(embed_texts out_var name)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${name}.c")
  set(paths "")
  foreach(text IN LISTS ARGN)
    string(REGEX REPLACE "^[^=]+=" "" path "${text}")
    list(APPEND paths "${path}")
  endforeach()
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DTEXTS=${ARGN}" -P "${EMBED_SCRIPT}"
    DEPENDS ${paths} "${EMBED_SCRIPT}"
    COMMENT "Embedding ${name}"
    VERBATIM)
  set(${out_var} "${output}" PARENT_SCOPE)
endfunction()
