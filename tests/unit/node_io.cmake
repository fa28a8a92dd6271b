# The daemon and its API.
tb_unit(json LIBS tb_sample tb_node_json)
tb_unit(api LIBS tb_node_io)
tb_unit(http LIBS tb_node_io)
tb_unit(links LIBS tb_desk tb_node_io SOURCES linkkey.c)
# A desk behind its API; shared with the fuzz target.
add_library(tb_apidesk STATIC EXCLUDE_FROM_ALL apidesk.c)
target_link_libraries(tb_apidesk PRIVATE tb_options PUBLIC tb_desk tb_node_io)
target_include_directories(tb_apidesk PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
tb_unit(api_desk LIBS tb_apidesk)
