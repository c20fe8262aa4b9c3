// What the headers of volume/ declare and their detail folder defines.
