# What is said: wire, envelope, statement, directory, request, frame.
add_library(tb_sample STATIC EXCLUDE_FROM_ALL sample.c)
target_link_libraries(tb_sample PRIVATE tb_options PUBLIC tb_proto)
target_include_directories(tb_sample PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
foreach(name wire envelope statement directory request frame)
  tb_unit(${name} LIBS tb_sample tb_proto)
endforeach()
