// What the headers of severity/ declare and their detail folder defines.
