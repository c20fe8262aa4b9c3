// What the headers of quantification/ declare and their detail folder defines.
