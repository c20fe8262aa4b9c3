// What the headers of statistics/ declare and their detail folder defines.
