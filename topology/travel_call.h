#ifndef TB_TRAVEL_CALL_H
#define TB_TRAVEL_CALL_H

/*
 * travel_call - `tongbao-topology travel`: the windows of one reach of any river,
 * from numbers alone. ${argc} and ${argv} are those after the word travel. Returns
 * the exit status of the program: 0, 1 a mistake in a number, 2 a wrong call.
 */
int tb_travel_call(int argc, char **argv);

#endif
