"""Every client dialect through the gateway to every vendor: a face, a vendor and a case are one
entry each in their table, and the rest follows."""
