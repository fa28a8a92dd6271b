# tb_pure(target): prove from the symbol table that `target`, a static library,
# calls only what pure code may (scripts/check.d/pure-symbols.txt), known to
# ctest as pure.<target>. It may use the pure libraries declared before it.
function(tb_pure target)
  get_property(before GLOBAL PROPERTY TB_PURE_LIBRARIES)
  add_test(NAME pure.${target}
           COMMAND ${PROJECT_SOURCE_DIR}/scripts/check purity ${before} $<TARGET_FILE:${target}>)
  set_tests_properties(pure.${target} PROPERTIES LABELS pure TIMEOUT 60)
  set_property(GLOBAL APPEND PROPERTY TB_PURE_LIBRARIES $<TARGET_FILE:${target}>)
endfunction()
