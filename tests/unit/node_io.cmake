# The daemon and its API.
tb_unit(json LIBS tb_sample tb_node_json)
tb_unit(api LIBS tb_node_io)
tb_unit(http LIBS tb_node_io)
tb_unit(links LIBS tb_desk tb_node_io SOURCES linkkey.c)
