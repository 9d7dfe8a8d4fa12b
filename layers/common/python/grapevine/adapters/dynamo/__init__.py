"""The stores on DynamoDB: PynamoDB rows, one connection, one file that builds keys.

Modules are imported one by one: a function that needs links and clicks loads nothing else.
"""
