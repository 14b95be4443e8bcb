select city, sum(amount) as total from {{ ref('sales') }} group by city
