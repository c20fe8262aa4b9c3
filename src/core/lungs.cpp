// What the headers of lungs/ declare and their detail folder defines.
