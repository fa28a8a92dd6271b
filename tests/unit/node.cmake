# The node's core at its desk; brokers are played by the test or by the bench.
add_library(tb_desk STATIC EXCLUDE_FROM_ALL desk.c)
target_link_libraries(tb_desk PRIVATE tb_options PUBLIC tb_fixture tb_node_core)
foreach(name node_issue node_inbox node_link node_park node_chain
        node_directory node_personal node_views node_alarm node_repair node_recall node_disk
        node_abuse)
  tb_unit(${name} LIBS tb_desk)
endforeach()
# The cores of both, with only the test's hands between them.
tb_unit(node_broker LIBS tb_desk tb_bench)
# What is due by when: the pure function, and the desk over it.
tb_unit(clocks LIBS tb_node_core SOURCES facts.c)
tb_unit(clocks_change LIBS tb_node_core SOURCES facts.c)
tb_unit(node_clocks LIBS tb_desk SOURCES relay.c)
tb_unit(node_reminder LIBS tb_desk SOURCES relay.c)
