// What the headers of reading/ declare and their detail folder defines.
