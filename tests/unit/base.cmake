# The unit tests of base and base/io.
add_library(tb_rawpeer STATIC rawpeer.c)
target_link_libraries(tb_rawpeer PRIVATE tb_options PUBLIC tb_base_io)
add_library(tb_scratch STATIC scratch.c)
target_link_libraries(tb_scratch PRIVATE tb_options tb_base)

tb_unit(base LIBS tb_base)
tb_unit(sock LIBS tb_base_io tb_rawpeer TIMEOUT 120)
tb_unit(zap LIBS tb_base_io)
tb_unit(conf LIBS tb_base_io tb_scratch)
tb_unit(keyfile LIBS tb_base_io tb_scratch)
tb_unit(files LIBS tb_base_io tb_scratch)
tb_unit(loop LIBS tb_base_io)
tb_unit(journal LIBS tb_base_io tb_scratch)
