# tb_unit(name LIBS libraries… [SOURCES more.c…]): one cmocka program,
# tests/unit/test_<name>.c, known to ctest as unit.<name>.
function(tb_unit name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LIBS;SOURCES" ${ARGN})
  add_executable(test_${name} test_${name}.c ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE tb_options ${ARG_LIBS} PkgConfig::CMOCKA)
  add_test(NAME unit.${name} COMMAND test_${name}
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT ${ARG_TIMEOUT})
endfunction()
