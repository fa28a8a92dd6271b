# Disks in memory under SQLite: for tongbao-sim and for the proof of the store.
add_library(tb_disk STATIC EXCLUDE_FROM_ALL disk.c disk_vfs.c disk_log.c)
target_link_libraries(tb_disk PRIVATE tb_options PUBLIC tb_base)
target_include_directories(tb_disk PUBLIC ${CMAKE_CURRENT_LIST_DIR})
tb_unit(disk LIBS tb_disk)
