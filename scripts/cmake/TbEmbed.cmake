# tb_embed(target symbol file): the bytes of a file as `const unsigned char
# symbol[]` and `const size_t symbol_bytes`, so that a program needs no data
# beside it.
function(tb_embed target symbol file)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c")
  add_custom_command(
    OUTPUT "${out}"
    COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUT=${out}
            -DSYMBOL=${symbol} -P ${PROJECT_SOURCE_DIR}/scripts/cmake/TbEmbedRun.cmake
    DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}"
            "${PROJECT_SOURCE_DIR}/scripts/cmake/TbEmbedRun.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()
