file(READ "${IN}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR bytes "${digits} / 2")
string(REGEX REPLACE "(..)" "0x\\1," body "${hex}")
string(REGEX REPLACE "(................................................................................)"
       "\\1\n" body "${body}")
file(WRITE "${OUT}" "#include <stddef.h>\n"
     "extern const unsigned char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_bytes;\n"
     "const unsigned char ${SYMBOL}[] = {\n${body}0};\n"
     "const size_t ${SYMBOL}_bytes = ${bytes};\n")
